"""What the measurements tell: sentences about gaps, drivers, proxies, recourse and trust."""
