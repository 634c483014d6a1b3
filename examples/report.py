"""Reads a log of orders, adds them up by customer and prints a table; also as JSON."""
import collections
import json
import re
import sys

LINE = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)\s+(?P<who>\w+)\s+(?P<what>[\w ]+?)\s+(?P<n>\d+)\s*x\s*(?P<price>\d+\.\d\d)")


class Order:
    def __init__(self, day, who, what, n, price):
        self.day, self.who, self.what = day, who, what
        self.n, self.price = int(n), float(price)

    @property
    def total(self):
        return self.n * self.price


class Ledger(collections.defaultdict):
    def __init__(self):
        super().__init__(list)

    def read(self, path):
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                if not line.strip() or line.startswith("#"):
                    continue
                if match := LINE.match(line):
                    order = Order(**match.groupdict())
                    self[order.who].append(order)
                else:
                    print(f"line {number} is no order: {line.strip()!r}", file=sys.stderr)
        return self

    def rows(self):
        for who, orders in sorted(self.items(), key=lambda item: -sum(o.total for o in item[1])):
            favourite, _ = collections.Counter(o.what for o in orders).most_common(1)[0]
            yield who, len(orders), favourite, sum(o.total for o in orders)


def main(path):
    ledger = Ledger().read(path)
    print(f"{'customer':<10} {'orders':>6} {'favourite':<14} {'total':>10}")
    print("-" * 43)
    for who, n, favourite, total in ledger.rows():
        print(f"{who:<10} {n:>6} {favourite:<14} {total:>10.2f}")
    print(json.dumps({who: round(total, 2) for who, _, _, total in ledger.rows()}, indent=2))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else __file__.replace("report.py", "orders.txt"))
