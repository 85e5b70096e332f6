"""What happens to a task from its order to its stored clip: every change of status, in the order of its life.

Not here: when it happens (worker), what it costs (money), what a provider's words mean (providers).
"""
