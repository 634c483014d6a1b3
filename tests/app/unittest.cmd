-m unittest data/cases.py
-m unittest -v data/cases.py
-m unittest -v data.good
-m unittest -q data/good.py
-m unittest -f data/cases.py
-m unittest -k parts -k sum data.cases
-m unittest discover -s data -p go*.py
-m unittest data.good.Good.test_absent
data/cases.py -v Fixtures
-m unittest --locals data.cases.Arithmetic.test_parts
