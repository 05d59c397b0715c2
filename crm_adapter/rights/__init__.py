"""What a person may demand of their data: requests with deadlines, export, erasure with a certificate, retention."""
