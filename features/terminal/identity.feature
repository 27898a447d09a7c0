Feature: A terminal is who it says it is
  A certificate covers one device model with one firmware; everything measured on another counts for nothing.

  @EHC-TRM-001
  Scenario: The identity is complete and as filed
    Given a terminal is ready on the bench
    When the terminal is asked who it is
    Then the criterion of the catalogue is met
    And the digest of its firmware is on record

  @EHC-TRM-002
  Scenario: The identity does not change during the run
    Given a terminal is ready on the bench
    When its identity is read again, after a power cycle, and after a hundred readings
    Then the criterion of the catalogue is met
