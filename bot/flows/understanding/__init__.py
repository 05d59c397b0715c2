"""What a message means for the dialog: words, taps and files in, commands out; rules only, no language model."""
