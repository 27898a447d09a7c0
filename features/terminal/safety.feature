Feature: A terminal cannot be misled
  A hospital desk is full of other bar codes, and anyone can print one.

  Background:
    Given a terminal is ready on the bench

  @EHC-TRM-006
  Scenario: Other bar codes are not taken for a card
    When the terminal is shown 200 bar codes that are no health card
    Then the criterion of the catalogue is met

  @EHC-TRM-017
  Scenario: The serial link keeps to its protocol
    When forty scripted exchanges are made on its serial link
    Then the criterion of the catalogue is met

  @EHC-TRM-018
  Scenario: The keyboard link reaches every host unaltered
    When 299 codes are typed on its keyboard link, on hosts of every layout, lock, input method and lag
    Then the criterion of the catalogue is met

  @EHC-TRM-025
  Scenario: Malformed codes do no harm
    When the terminal is shown ten thousand malformed codes, each followed by a good one
    Then the criterion of the catalogue is met

  @EHC-TRM-027
  Scenario: Nothing of a resident is kept
    When the terminal reads the codes of five hundred residents and its power is cycled
    Then nothing that was read is found in what it and its host have kept
    And the criterion of the catalogue is met

  @EHC-TRM-026
  Scenario: Codes do not type commands and do not change settings
    When the terminal is shown setting codes of its vendor while it is not in service mode
    And the terminal is shown codes that carry control sequences
    Then the criterion of the catalogue is met
