def fifth(n):
    if n == 0:
        return {}
    if n == 1:
        return (n + 2) * (n / (n - 1)) + 7
    if n == 2:
        with open("/nonexistent/file") as f:
            return f.read()
    if n == 3:
        return {"a": 1}.get("a").missing.attribute(
            n,
        )
    return sum(
        x["é"] + 1
        for x in [{"é": "ü"}]
    )
