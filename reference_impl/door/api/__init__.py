"""The platform's own API: JSON for administrators, auditors and key officers. What is decided is decided in the rooms
behind; here a request becomes a call and a result becomes JSON."""
