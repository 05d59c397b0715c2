"""The company's settings reach the customer store."""

from dataclasses import fields

from bot.customers import policy_of
from bot.settings import Crm, Settings
from bot.settings.service import Service
from crm_adapter.policy import Policy


def test_every_number_and_name_of_the_policy_comes_from_the_settings(tmp_path):
    told = {
        "controller": "Kettle & Co",
        "jurisdiction": "HK",
        "child_below_years": 16,
        "first_opinion_h": 1.5,
        "final_result_days": {"default": 3.0},
        "purposes_file": tmp_path / "purposes.yml",
        "rules_file": tmp_path / "rules.yml",
        "rights_days": 7,
        "holidays_file": tmp_path / "holidays.txt",
        "unlinked_s": 2.0,
    }
    made = {
        "answer_h": 5.0,
        "erasures_file": tmp_path / "erasures.jsonl",
        "policy_url": "https://care.example.com/privacy",
    }
    assert {field.name for field in fields(Policy)} == set(told | made)
    settings = Settings(
        var_dir=tmp_path,
        public_url="https://care.example.com/",
        crm=Crm(**told),
        service=Service(answer_within_h=5.0),
    )
    assert policy_of(settings) == Policy(**told, **made)
