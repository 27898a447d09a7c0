Feature: A terminal reads codes as people show them
  Coloured, clipped, crooked, creased and faded: a phone in a hand and a paper from a pocket.

  Background:
    Given a terminal is ready on the bench

  @EHC-TRM-007
  Scenario: The colours of the Hunan card
    Given card codes in the four colours of the Hunan card, on a screen and on paper
    When the terminal is shown each code of the sample
    Then the criterion of the catalogue is met

  @EHC-TRM-008
  Scenario: A clipped quiet zone and a logo in the middle
    Given card codes on card blue with quiet zones down to 0.7 module, with and without a logo
    When the terminal is shown each code of the sample
    Then the criterion of the catalogue is met

  @EHC-TRM-009
  Scenario: Near and far
    Given a 25 mm card code at every distance from 30 to 200 mm
    When the stage is set and the terminal is shown each code of the sample
    Then the criterion of the catalogue is met

  @EHC-TRM-010
  Scenario: Turned and tilted
    Given card codes turned about all three axes
    When the terminal is shown each code of the sample
    Then the criterion of the catalogue is met

  @EHC-TRM-011
  Scenario: Damaged, blurred and faded
    Given damaged, blurred and faded card codes
    When the terminal is shown each code of the sample
    Then the criterion of the catalogue is met

  @EHC-TRM-012
  Scenario: A dim screen, a bright room, a polariser
    Given a card code on a phone in every combination of brightness, ambient light and polariser
    When the stage is set and the terminal is shown each code of the sample
    Then the criterion of the catalogue is met
