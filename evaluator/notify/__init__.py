"""Telling people: one file per receiver, and one mechanism that delivers for all of them.

A receiver's file builds a request from a notification and reads the answer; both are pure. `delivery` performs it: one call
is one attempt and gives one event. When to try again is the machine's affair, and it persists across restarts.
"""
