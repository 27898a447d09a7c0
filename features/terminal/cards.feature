Feature: A terminal reads cards as well as codes
  One device for the health card's code, the social-security card, the visit card and the bank card: it tells them
  apart by itself, never mixes two of them, and keeps bank data to itself.

  Background:
    Given a terminal is ready on the bench
    And card readers are ready on the bench

  @EHC-TRM-019
  Scenario: The PC/SC link
    When cards of both protocols answer commands of every case
    And a card is taken away fifty times while it works, and another put in
    Then the criterion of the catalogue is met

  @EHC-TRM-020
  Scenario: Four media, told apart
    Given a shuffled deck of codes, social-security cards, visit cards and bank cards, 75 each
    When each medium is shown to the terminal, which nobody tells what to expect
    Then the criterion of the catalogue is met

  @EHC-TRM-021
  Scenario: Two media at once
    When two media are shown together fifty times: two cards, or a card and a code
    Then the criterion of the catalogue is met

  @EHC-TRM-022
  Scenario: Bank data kept to what is needed
    When twenty bank cards are read, and every byte and log on the host is searched for their numbers
    Then the criterion of the catalogue is met
