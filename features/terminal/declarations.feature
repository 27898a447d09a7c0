Feature: What a vendor declares holds for this terminal
  A laboratory's report speaks of one model, and grows old.

  @EHC-TRM-034
  Scenario: The report on its environment is recent and of this model
    When the laboratory's report on the environment is examined
    Then the criterion of the catalogue is met
