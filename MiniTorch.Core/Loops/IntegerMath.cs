using System.Numerics;

namespace MiniTorch;

/// <summary>Arithmetic of sizes.</summary>
internal static class IntegerMath
{
    /// <summary>Returns the quotient, rounded up, for a positive divisor.</summary>
    public static T CeilDiv<T>(T a, T b) where T : IBinaryInteger<T> => a > T.Zero ? (a - T.One) / b + T.One : a / b; // a + b could overflow
}
