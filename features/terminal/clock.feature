Feature: A terminal whose clock is wrong says so
  Dynamic codes live for a minute or two, and requests are dated: a terminal that keeps the time itself must notice
  when its clock and the platform's no longer agree.

  @EHC-TRM-032
  Scenario: The clock is set wrong step by step
    Given a terminal is ready on the bench
    And dynamic card codes fetched from the platform one at a time
    And the platform itself takes requests dated within a minute of its clock, and none dated ten minutes off
    When the terminal checks a code at each step by which its clock is wrong
    Then the criterion of the catalogue is met
