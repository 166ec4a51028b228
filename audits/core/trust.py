TRUST_CHECK = "explain.trust"
def name_pair(method: str, other: str = "") -> str:
    return f"method={method}|{other}" if other else f"method={method}"
