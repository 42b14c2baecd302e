namespace MiniTorch.Kernels;

/// <summary>
/// NumPy's binomial numbers: inversion if the mean is at most 30, otherwise the algorithm BTPE (Kachitvichyanukul and Schmeiser,
/// "Binomial random variate generation", CACM 31(2), 1988), whose names of variables are kept.
/// </summary>
internal readonly struct BinomialSampler
{
    readonly long _trials;
    readonly double _r;
    readonly bool _countFailures;

    /// <summary>Checks and stores the parameters. With a probability above ½ the failures are counted instead.</summary>
    internal BinomialSampler(long trials, double probability)
    {
        if (trials < 0)
            throw new ValueException($"binomial: needs trials >= 0, but got {trials}.");
        if (!(probability is >= 0 and <= 1))
            throw new ValueException(FormattableString.Invariant($"binomial: needs a probability in [0, 1], but got {probability}."));
        _trials = trials;
        _countFailures = probability > 0.5;
        _r = _countFailures ? 1 - probability : probability;
    }

    /// <summary>Returns the next number, computed from uniform draws from [0, 1).</summary>
    internal long Next(Func<double> uniform)
    {
        long rare = _r * _trials <= 30 ? ByInversion(uniform) : ByRejection(uniform);
        return _countFailures ? _trials - rare : rare;
    }

    long ByInversion(Func<double> uniform)
    {
        double q = 1 - _r, none = Math.Exp(_trials * Math.Log(q));
        double mean = _trials * _r;
        long bound = (long)Math.Min(_trials, mean + 10 * Math.Sqrt(mean * q + 1));
        double term = none, u = uniform();
        long x = 0;
        while (u > term)
        {
            x++;
            if (x > bound)
            {
                x = 0;
                term = none;
                u = uniform();
            }
            else
            {
                u -= term;
                term = (_trials - x + 1) * _r * term / (x * q);
            }
        }
        return x;
    }

    long ByRejection(Func<double> uniform)
    {
        double n = _trials, q = 1 - _r, nrq = n * _r * q;
        double fm = n * _r + _r;
        double m = Math.Floor(fm);
        double p1 = Math.Floor(2.195 * Math.Sqrt(nrq) - 4.6 * q) + 0.5;
        double xm = m + 0.5, xl = xm - p1, xr = xm + p1;
        double c = 0.134 + 20.5 / (15.3 + m);
        double left = (fm - xl) / (fm - xl * _r), lambdaLeft = left * (1 + left / 2);
        double right = (xr - fm) / (xr * q), lambdaRight = right * (1 + right / 2);
        double p2 = p1 * (1 + 2 * c), p3 = p2 + c / lambdaLeft, p4 = p3 + c / lambdaRight;
        while (true)
        {
            double u = uniform() * p4, v = uniform(), y;
            if (u <= p1)
                return (long)Math.Floor(xm - p1 * v + u);
            if (u <= p2)
            {
                double x = xl + (u - p1) / c;
                v = v * c + 1 - Math.Abs(m - x + 0.5) / p1;
                if (v > 1)
                    continue;
                y = Math.Floor(x);
            }
            else if (u <= p3)
            {
                y = Math.Floor(xl + Math.Log(v) / lambdaLeft);
                if (y < 0 || v == 0)
                    continue;
                v = v * (u - p2) * lambdaLeft;
            }
            else
            {
                y = Math.Floor(xr - Math.Log(v) / lambdaRight);
                if (y > n || v == 0)
                    continue;
                v = v * (u - p3) * lambdaRight;
            }
            if (Accepts(y, v, m, nrq))
                return (long)y;
        }
    }

    /// <summary>Returns whether v is at most the ratio of the probabilities of y and of the mode m.</summary>
    bool Accepts(double y, double v, double m, double nrq)
    {
        double n = _trials, q = 1 - _r, k = Math.Abs(y - m);
        if (k <= 20 || k >= nrq / 2 - 1)
        {
            double s = _r / q, a = s * (n + 1), ratio = 1;
            for (double i = m + 1; i <= y; i++)
                ratio *= a / i - s;
            for (double i = y + 1; i <= m; i++)
                ratio /= a / i - s;
            return v <= ratio;
        }

        double rho = k / nrq * ((k * (k / 3 + 0.625) + 1.0 / 6) / nrq + 0.5);
        double t = -k * k / (2 * nrq), logarithm = Math.Log(v);
        if (logarithm < t - rho)
            return true;
        if (logarithm > t + rho)
            return false;
        double x1 = y + 1, f1 = m + 1, z = n + 1 - m, w = n - y + 1;
        return logarithm <= (m + 0.5) * Math.Log(f1 / x1) + (n - m + 0.5) * Math.Log(z / w) + (y - m) * Math.Log(w * _r / (x1 * q))
            + Stirling(f1) + Stirling(z) + Stirling(x1) + Stirling(w);
    }

    /// <summary>The correction of Stirling's formula.</summary>
    static double Stirling(double x)
    {
        double square = x * x;
        return (13680 - (462 - (132 - (99 - 140 / square) / square) / square) / square) / x / 166320;
    }
}
