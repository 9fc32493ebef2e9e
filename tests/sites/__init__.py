"""Further upstreams of the loopback internet, one module each: its hosts, what it holds, what it
answers. A test adds them to `Internet.sites`."""
