"""People and their cards: documents, real-name checks, issuance, life cycle, numbers linked to a card."""
