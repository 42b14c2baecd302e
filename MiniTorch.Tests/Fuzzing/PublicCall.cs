using System.Linq.Expressions;
using System.Reflection;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Fuzzing;

/// <summary>A public method of the engine that <see cref="HostileArguments"/> can call.</summary>
internal sealed record PublicCall(string Name, Delegate Call, Type[] Types)
{
    public static PublicCall[] All { get; } =
        [.. from type in (Type[])[typeof(Tensor), typeof(Functional), typeof(Linalg)]
            from method in type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            where !method.IsGenericMethod && TypesOf(method).All(HostileArguments.CanMake)
            select Of(method)];

    private static IEnumerable<Type> TypesOf(MethodInfo method) => (method.IsStatic ? [] : new[] { method.DeclaringType! }).Concat(method.GetParameters().Select(parameter => parameter.ParameterType));

    // Spans cannot be boxed: they are handed over as arrays.
    private static PublicCall Of(MethodInfo method)
    {
        Type[] types = [.. TypesOf(method)];
        ParameterExpression[] arguments = [.. types.Select(type => Expression.Parameter(HostileArguments.Boxed(type)))];
        Expression[] converted = [.. arguments.Zip(types, (argument, type) => argument.Type == type ? (Expression)argument : Expression.Convert(argument, type))];
        Expression call = method.IsStatic ? Expression.Call(method, converted) : Expression.Call(converted[0], method, converted[1..]);
        return new PublicCall($"{method.DeclaringType!.Name}.{method.Name}", Expression.Lambda(call, arguments).Compile(), [.. arguments.Select(argument => argument.Type)]);
    }
}
