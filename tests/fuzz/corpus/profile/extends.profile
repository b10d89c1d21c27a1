[profile]
extends = nothing-like-it
