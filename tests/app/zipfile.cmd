-m zipfile -l data/small.zip
-m zipfile -t data/small.zip
-m zipfile -e data/small.zip unpacked
unpacked/folder/two.py
-m zipfile -c again.zip unpacked
-m zipfile -t again.zip
data/app.zip a b
