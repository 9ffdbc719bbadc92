"""MobileOne image classification for ROS 2, on the RDK X5's BPU and on any CPU."""
