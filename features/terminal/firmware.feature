Feature: A terminal runs only the firmware its maker signed
  Whoever can put firmware on a terminal reads every card that is shown to it.

  @EHC-TRM-031
  Scenario: Unsigned, altered and older images are refused
    Given a terminal is ready on the bench
    When the device is offered the genuine image of its own firmware
    Then none of twenty unsigned, altered or older images is taken, and it reads a code after each
    And the criterion of the catalogue is met
