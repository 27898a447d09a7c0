Feature: A code is good for its card, for its time, and once
  The code on the phone is taken at its word by every window of the province; the platform alone knows better.

  Background:
    Given the platform answers on the bench

  @EHC-PLT-004
  Scenario: The life of a dynamic code
    Given the platform says how long a dynamic code lives
    When codes are verified fresh, just before their end, at it, just after it, and a minute after
    Then the criterion of the catalogue is met

  @EHC-PLT-005
  Scenario: A code shown at two terminals at once, and a request heard again
    When each of many dynamic codes is verified at two terminals at the same moment
    And requests that were granted are sent again, as they were and under a new time
    Then the criterion of the catalogue is met

  @EHC-PLT-006
  Scenario: A closed card
    When cards in use are closed, and their codes shown again for ten seconds
    Then none of them is accepted after the platform was started again
    And the criterion of the catalogue is met
