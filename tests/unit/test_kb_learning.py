"""The arithmetic under the search: similarities, the classifier, its calibration."""

import numpy as np
import pytest

from knowledge_base import softmax
from knowledge_base.calibration import PRIOR, Thresholds, Trials, calibrate
from knowledge_base.features import analyse
from knowledge_base.matcher import EVIDENCE, Example, Groups, Training, weigh
from knowledge_base.trials import hold_out
from knowledge_base.vectors import VectorSpace

SENTENCES = ["how do i return it", "when will it arrive", "怎么退货", "多久能到货", "how do i return a fridge"]


def test_likeness_is_a_cosine() -> None:
    space = VectorSpace([analyse(text) for text in SENTENCES], len(SENTENCES))
    table = np.stack([space.similarities(analyse(text)) for text in SENTENCES])
    assert np.allclose(np.diag(table), 1.0, atol=1e-5)
    assert np.allclose(table, table.T, atol=1e-5)
    assert table.min() >= 0.0
    assert table[0, 4] > table[0, 1]


def test_what_the_examples_do_not_know_lowers_the_likeness() -> None:
    space = VectorSpace([analyse(text) for text in SENTENCES], len(SENTENCES))
    plain = space.similarities(analyse("how do i return it"))[0]
    longer = space.similarities(analyse("how do i return it zanzibar quokka"))[0]
    assert 0 < longer < plain
    assert not space.similarities(analyse("zzzzqqqq")).any()


def test_only_landmarks_are_compared_with() -> None:
    space = VectorSpace([analyse(text) for text in SENTENCES], 2)
    assert space.similarities(analyse("怎么退货")).shape == (2,)


def test_the_fit_minimises_the_loss() -> None:
    numbers = np.random.default_rng(0)
    points = numbers.normal(size=(60, 8)).astype(np.float32)
    labels = numbers.integers(0, 3, 60)
    solution = softmax.fit(points, labels, 3)
    wanted = np.eye(3, dtype=np.float32)[labels]
    gradient = points.T @ (softmax.softmax(points @ solution) - wanted) + softmax.RIDGE * solution
    assert np.abs(gradient).max() < 0.05


def test_a_small_budget_still_gives_a_classifier() -> None:
    numbers = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 20)
    points = (np.eye(4)[labels] * 3 + numbers.normal(size=(80, 4))).astype(np.float32)
    one_step = softmax.fit(points, labels, 4, budget=1.0)
    assert ((points @ one_step).argmax(axis=1) == labels).mean() > 0.9


def test_coordinates_keep_the_likenesses() -> None:
    space = VectorSpace([analyse(text) for text in SENTENCES], len(SENTENCES))
    likenesses = np.stack([space.similarities(analyse(text)) for text in SENTENCES])
    points = softmax.LandmarkSpace(likenesses).points
    assert np.allclose(points @ points.T, likenesses, atol=0.02)


def test_evidence_is_about_each_candidate() -> None:
    scores = np.array([1.0, 3.0, 2.5, -1.0], dtype=np.float32)
    likeness = np.array([0.1, 0.4, 0.7], dtype=np.float32)
    found = weigh(scores, likeness, 7, 2)
    assert found.classes == [1, 2]
    first = dict(zip(EVIDENCE, found.evidence[0], strict=True))
    assert first["margin"] == pytest.approx(0.5)
    assert first["likeness"] == pytest.approx(0.4)
    assert first["lead"] == pytest.approx(-0.3)
    share = np.exp(3) / np.exp([1.0, 3.0, 2.5, -1.0]).sum()
    assert first["odds"] == pytest.approx(np.log(share / (1 - share)), rel=1e-4)
    assert found.evidence[1][1] == pytest.approx(-0.5)


def test_an_answer_without_a_landmark_has_no_likeness() -> None:
    groups = Groups(np.array([0, 0, 2, 3, 3]), 3)
    assert groups.best(np.array([0.2, 0.5, 0.9, 1.0, 1.0], dtype=np.float32)).tolist() == pytest.approx([0.5, 0.0, 0.9])


def training(wordings: int, wishes: int = 0) -> Training:
    topics = ("退货", "发票", "安装", "维修", "积分", "会员", "支付", "门店", "库存", "密码")
    asked = ("怎么办理{}", "{}要多久", "想问一下{}的事", "{}在哪里弄", "关于{}的问题", "{}收费吗")
    examples = [
        Example(text, analyse(text), label, label * 10 + number)
        for label, topic in enumerate(topics)
        for number, text in enumerate(form.format(topic) for form in asked[:wordings])
    ]
    strangers = [Example(text, analyse(text), len(topics), -number) for number, text in enumerate(("你好", "天气"), 1)]
    return Training([*examples, *strangers], len(topics), wishes)


def test_trials_hold_out_examples_and_whole_answers_alike_each_time() -> None:
    trials, of_wishes = hold_out(training(6))
    again, _ = hold_out(training(6))
    assert of_wishes is None
    assert np.array_equal(trials.evidence, again.evidence)
    asked = trials.first & trials.answerable
    assert asked.sum() > 30
    assert (trials.first & ~trials.answerable).sum() >= 10
    assert trials.right[asked].mean() > 0.9
    assert not trials.right[~trials.answerable].any()


def test_wishes_are_tried_and_weighed_apart_from_answers() -> None:
    trained = training(6, wishes=4)
    asked, wanted = hold_out(trained)
    assert wanted is not None
    assert (asked.first & asked.answerable).sum() > 20
    assert (wanted.first & wanted.answerable).sum() > 10
    # What asks for an answer is foreign to the wishes.
    assert (wanted.first & ~wanted.answerable).sum() > (asked.first & ~asked.answerable).sum()
    compared = trained.matcher().compare(analyse("怎么办理积分"), 3)
    assert compared.wishes is not None
    assert compared.answers.classes[0] == 4
    assert set(compared.wishes.classes) <= {6, 7, 8, 9}
    assert compared.lead < 0
    assert trained.matcher().compare(analyse("库存收费吗"), 3).lead > 0


def test_without_second_examples_the_constants_serve() -> None:
    trials, _ = hold_out(training(1))
    assert not trials.answerable.any()
    calibration = calibrate(trials, Thresholds())
    assert calibration.answer_from == Thresholds().untried
    assert calibration.coefficients == tuple(PRIOR.values())


def trials_of(confidence_right: list[tuple[float, bool]]) -> Trials:
    rows = np.zeros((len(confidence_right), len(EVIDENCE)))
    rows[:, 0] = [odds for odds, _ in confidence_right]
    rows[:, -1] = 1.0
    flags = np.ones(len(rows), dtype=np.bool_)
    return Trials(rows, np.array([float(right) for _, right in confidence_right]), np.ones(len(rows)), flags, flags)


def test_confidence_follows_the_trials_and_rises_with_the_odds() -> None:
    numbers = np.random.default_rng(3)
    odds = numbers.uniform(-4, 4, 40_000)
    trials = trials_of([(value, bool(numbers.random() < 1 / (1 + np.exp(-value)))) for value in odds])
    calibration = calibrate(trials, Thresholds(lowest=0.0, highest=1.0))
    confidence = np.array([calibration.confidence(row) for row in trials.evidence])
    for low in (0.1, 0.3, 0.5, 0.7):
        band = (confidence >= low) & (confidence < low + 0.2)
        assert trials.right[band].mean() == pytest.approx(confidence[band].mean(), abs=0.03)
    given = confidence >= calibration.answer_from
    assert 1 - trials.right[given].mean() == pytest.approx(Thresholds().wrong_rate, abs=0.01)


def test_nearly_separable_trials_do_not_run_away() -> None:
    calibration = calibrate(trials_of([(13.0, True)] * 2_000 + [(-13.0, False)] * 2_000), Thresholds())
    assert np.abs(calibration.coefficients).max() < 10
    assert calibration.answer_from == Thresholds().lowest
