TARGETS = ()


def search(targets, seconds, seed, folder):
    return 0
