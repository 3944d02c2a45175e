"""What the pages of the book are made of; nothing else imports it."""
