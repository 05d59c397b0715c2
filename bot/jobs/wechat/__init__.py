"""What is done for official accounts beside their conversations: people of several accounts, tags."""
