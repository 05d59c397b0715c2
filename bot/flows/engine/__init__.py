"""The dialog engine: runs flows on a stack of frames, purely; what it wants done it yields, what it decides it returns.

``state`` is what a conversation remembers, ``chart`` what is worked out of a flow once, ``run`` one turn's working
memory, ``walk`` goes from step to step, ``follow`` carries out commands, ``events`` what happens without a word.
"""
