"""What a change does to the posture: who may do what, who reaches what, what watches, what is kept."""
