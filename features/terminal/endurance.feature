Feature: A terminal holds out
  A window is open all day, and a desk is not watched at night.

  Background:
    Given a terminal is ready on the bench

  @EHC-TRM-024
  Scenario: Unplugged, and its host asleep
    When its USB plug is pulled fifty times and its host sleeps twenty times
    Then the criterion of the catalogue is met

  @EHC-TRM-028
  Scenario: Nobody else is spoken to
    When its network traffic is watched for twenty-four hours while it works
    Then the criterion of the catalogue is met

  @EHC-TRM-033
  Scenario: Three days of work
    Given a deck of card codes
    When the terminal is shown a code every six seconds for seventy-two hours
    Then the criterion of the catalogue is met

  @EHC-TRM-023
  Scenario: A hundred power cuts
    When its supply is cut a hundred times, at rest, in mid-reading and while a setting is being stored
    Then the criterion of the catalogue is met
