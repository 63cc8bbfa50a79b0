"""The least stack that passes, written for somebody who has none yet."""
