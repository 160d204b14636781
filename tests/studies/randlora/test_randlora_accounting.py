def test_the_papers_counts(both):
    simulated, predicted = both("accounting", rows=768, columns=768, rank=6, other_rank=32)
    assert float(simulated.trained_parameters[0]) == float(predicted.trained_parameters) == 99072
    assert float(simulated.lora_parameters[0]) == float(predicted.lora_parameters) == 49152
    assert float(simulated.parameter_ratio[0]) == 99072 / 49152


def test_a_rank_that_does_not_divide_the_columns_needs_one_more_base(both):
    simulated, predicted = both("accounting", rows=768, columns=768, rank=10, other_rank=32)
    assert float(simulated.trained_parameters[0]) == 77 * (768 + 10)
    assert float(predicted.trained_parameters) == 768**2 / 10 + 768
