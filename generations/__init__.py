"""Prompts, orders, money, clips: the studio."""
