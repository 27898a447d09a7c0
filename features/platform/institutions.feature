Feature: Institutions share one card, each within its rights
  One card is taken everywhere in the province; what an institution may do, and may see, is decided by the platform.

  Background:
    Given the platform answers on the bench

  @EHC-PLT-010
  Scenario: Every institution does what it may, and nothing else
    Given twenty institutions of every standing and with every scope
    When each tries twenty actions, some of them with a wrong terminal, secret, application or time
    Then the criterion of the catalogue is met

  @EHC-PLT-011
  Scenario: One card at institutions of three levels
    Given one resident with a card
    And institutions of three levels
    When the card is used at each of them
    Then each sees its own records and those the resident has consented to, and no others
    And the criterion of the catalogue is met
