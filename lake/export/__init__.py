"""What leaves the lake in the formats of others."""
