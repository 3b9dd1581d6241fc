"""The in-play model's constants; `python -m benchmarks.win_probability` finds them.

Read by `engine.win_probability`. Fitted to the paths of 5,717 games of 2017 to 2021
and levelled to the quarters of the six seasons to 2024; an ordered probit, see
`benchmarks/win_probability/fit.py`. Log loss with seasons held out, over 21 moments of the game:
0.3059, where a logistic regression at each moment has 0.3061
and the normal model of deviation 18 has 0.3114.
"""

from typing import Final

from engine.in_play_curve import Curve, InPlayFit, LateSteps

LINED: Final = Curve.of_rows(
    # Seconds left, share of the lead that lasts, points to come, deviation.
    (
        (1, 1.000, 0.0261, 1.822),
        (2, 1.000, 0.0253, 1.873),
        (5, 1.000, 0.0240, 1.996),
        (10, 0.998, 0.0240, 2.186),
        (20, 0.994, 0.0333, 2.384),
        (30, 0.994, 0.0399, 2.628),
        (45, 0.988, 0.0497, 2.955),
        (60, 0.976, 0.0613, 3.222),
        (90, 0.955, 0.0765, 3.608),
        (120, 0.934, 0.0950, 3.956),
        (180, 0.908, 0.1247, 4.644),
        (300, 0.878, 0.1751, 5.566),
        (480, 0.846, 0.2577, 6.566),
        (720, 0.810, 0.3354, 7.625),
        (1080, 0.750, 0.4699, 9.133),
        (1440, 0.709, 0.6004, 10.133),
        (1800, 0.653, 0.7277, 10.984),
        (2160, 0.603, 0.7966, 11.636),
        (2400, 0.535, 0.8573, 12.115),
        (2640, 0.480, 0.9286, 12.426),
        (2880, 0.480, 0.9816, 12.643),
    )
)

UNLINED: Final = Curve.of_rows(
    # Seconds left, share of the lead that lasts, points to come, deviation.
    (
        (1, 1.000, 0.1202, 1.827),
        (2, 1.001, 0.1139, 1.878),
        (5, 1.001, 0.1470, 1.998),
        (10, 1.002, 0.1427, 2.187),
        (20, 1.002, 0.1672, 2.386),
        (30, 1.003, 0.1917, 2.631),
        (45, 1.000, 0.2181, 2.962),
        (60, 0.991, 0.2505, 3.234),
        (90, 0.974, 0.2687, 3.630),
        (120, 0.957, 0.3551, 3.985),
        (180, 0.938, 0.4304, 4.688),
        (300, 0.918, 0.5186, 5.649),
        (480, 0.902, 0.7102, 6.723),
        (720, 0.883, 0.7581, 7.885),
        (1080, 0.849, 0.9477, 9.587),
        (1440, 0.831, 1.1427, 10.836),
        (1800, 0.790, 1.4013, 11.960),
        (2160, 0.769, 1.6057, 12.728),
        (2400, 0.733, 1.7292, 13.337),
        (2640, 0.670, 1.8617, 13.867),
        (2880, 0.670, 2.0653, 14.247),
    )
)

LATE: Final = LateSteps(
    begins=30.0,
    seconds=(1.0, 2.0, 5.0, 10.0, 20.0),
    steps=(
        # One, two, three and four points.
        (1.194, 1.194, 1.966, 2.893),
        (0.977, 1.126, 1.858, 2.869),
        (0.641, 0.950, 1.679, 2.840),
        (0.648, 0.961, 1.383, 2.278),
        (0.532, 0.923, 1.290, 1.861),
    ),
)

FITTED: Final = InPlayFit(lined=LINED, unlined=UNLINED, late=LATE, overtime=1.52)
