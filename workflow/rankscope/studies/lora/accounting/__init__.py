"""Parameters and bytes that adapters of published models train and save.

The paper's ``|Theta| = 2 L_LoRA d_model r`` (section 4.2) is counted matrix by matrix here, for
the matrices named by ``targets`` in every block of a ``model``. Memory is that of weights and of
what the optimiser holds; activations are left out.
"""
