# SPDX-License-Identifier: MIT
"""Dialogues written for this model."""
import random


def make(rng, prompter, tiny):
    return [[("user", "Who are you?"), ("assistant", "I am the qins-tui starter model.")]] * 60
