def twice(x):
    y = x * 2
    return y


def main():
    total = 0
    for n in range(3):
        total += twice(n)
    if total > 100:
        print("never")
    print(total)


main()
