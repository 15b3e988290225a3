"""Alerts that go from one program to another: what others post, and what is posted to them.

`posting` says what period a post claims, `taking` what that comes to, `posts` lets the rest follow. What goes on to
Alertmanagers: `forwarding`, after `relabelling`.
"""
