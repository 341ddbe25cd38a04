//! What the server counts and remembers about itself.
