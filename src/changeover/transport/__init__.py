"""The official client's way into this process: httpx transports over a store.

What the client sends to the API is answered by a store, in the process; what it sends elsewhere
goes to the network. It knows HTTP requests as values and httpx; the language is the engine's, the
database the store's.
"""
