"""What is said to people and how it leaves: messages, templates, senders. No database, no clock."""
