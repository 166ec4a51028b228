"""Files into relations: found, unpacked, their dialect, parts and fingerprint."""
