"""
Several hosts on one machine: namespaces of their own, joined by a switch that can lose and delay.

Nothing here knows ROS. The hosts are real to everything above Ethernet: kernel, UDP and DDS are
those that run on any machine.
"""
