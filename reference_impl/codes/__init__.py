"""What a phone shows and paper carries: tokens, verification, rendering."""
