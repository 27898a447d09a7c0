Feature: A terminal reads health card codes exactly
  The card is a QR code. What the terminal hands over must be what the resident showed, to the last character.

  Background:
    Given a terminal is ready on the bench

  @EHC-TRM-003
  Scenario: Static codes
    Given static card codes with and without a record number
    When the terminal is shown codes until the registered sample decides
    Then the criterion of the catalogue is met

  @EHC-TRM-004
  Scenario: Dynamic codes, refreshed again and again
    Given dynamic card codes fetched from the platform, refreshed card by card
    When the terminal is shown codes until the registered sample decides
    Then the criterion of the catalogue is met

  @EHC-TRM-005
  Scenario: Every symbol version and error correction level
    Given codes of every version from 1 to 10 at every error correction level
    When the terminal is shown each code of the sample
    Then the criterion of the catalogue is met

  @EHC-TRM-013
  Scenario: No patient is taken for another
    Given valid card codes, and codes that are neighbours of them or destroyed
    When the terminal is shown valid codes, neighbours and destroyed symbols
    Then the criterion of the catalogue is met

  @EHC-TRM-014
  Scenario: One delivery for one presentation
    Given single card codes, and pairs of card codes side by side
    When each code is held in view for ten seconds, and each pair for two
    Then the criterion of the catalogue is met
